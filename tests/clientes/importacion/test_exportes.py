"""The files that other programs export, made up small: what is guessed of each, and the clients that come of it."""

import pytest

from core.models import Usuario
from tests.clientes.importacion.support import Row, as_excel, clients, counts, csv, problems, run

GOOGLE = (
    "First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Middle Name,Phonetic Last Name,Name Prefix,"
    "Name Suffix,Nickname,File As,Organization Name,Organization Title,Organization Department,Birthday,Notes,Photo,"
    "Labels,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value,Phone 2 - Label,Phone 2 - Value"
)
GOOGLE_OLD = (
    "Name,Given Name,Additional Name,Family Name,Yomi Name,Given Name Yomi,Additional Name Yomi,Family Name Yomi,"
    "Name Prefix,Name Suffix,Initials,Nickname,Short Name,Maiden Name,Birthday,Gender,Location,Billing Information,"
    "Directory Server,Mileage,Occupation,Hobby,Sensitivity,Priority,Subject,Notes,Language,Photo,Group Membership,"
    "E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value"
)
OUTLOOK = (
    "First Name,Middle Name,Last Name,Title,Suffix,E-mail Address,Primary Phone,Home Phone,Home Phone 2,Mobile Phone,"
    "Pager,Home Fax,Company Main Phone,Business Phone,Company,Categories"
)
HUBSPOT = "Record ID,First Name,Last Name,Email,Phone Number,Mobile Phone Number,Contact owner,Lead Status,Create Date"
SHOPIFY = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
    "Default Address City,Default Address Province Code,Default Address Country Code,Default Address Zip,"
    "Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags"
)
WOOCOMMERCE = (
    "ID,customer_id,user_login,user_email,first_name,last_name,display_name,role,billing_first_name,billing_last_name,"
    "billing_company,billing_email,billing_phone,billing_city,shipping_phone"
)
SIIGO = "Identificación;DV;Nombre tercero;Dirección;Ciudad;Teléfono;Celular;Correo;Activo"
ALEGRA = "Nombre;Identificación;DV;Teléfono 1;Teléfono 2;Celular;Fax;Dirección;Ciudad;Correo;Estado de cuenta"
ALEGRA_MX = (
    "RFC,Razón social,Email,Teléfono 1,Teléfono 2,Fax,Celular,Comentarios,Calle,Exterior,Interior,Colonia,Localidad,"
    "Municipio / Delegación,Estado,País,Código postal"
)

EXPORTES: list[tuple[str, bytes, list[Row], list[int]]] = [
    # (program, file, clients that come of it, rows that are refused)
    (
        "Google Contacts",
        csv(
            GOOGLE,
            "Ana,María,López,,,,,,,,,,,,,,* myContacts ::: VIP,* Home,ana@example.com,Mobile,"
            "+57 300 1234567 ::: +57 310 0000001,Work,601 2345678",
            "Luis,,,,,,,,,,,,,,,,* myContacts,,,Work,601 2345678,Mobile,310 765 4321",
        ),
        [
            ("Ana López", "+573001234567", "", "* myContacts,VIP", True),
            ("Luis", "+573107654321", "", "* myContacts", True),
        ],
        [],
    ),
    (
        "Google Contacts until 2023",
        csv(
            GOOGLE_OLD,
            "Ana López,Ana,,López,,,,,,,,,,,,,,,,,,,,,,,,,* myContacts ::: Norte,*,a@example.com,Mobile,3001234567",
            "Ferretería Luz,,,,,,,,,,,,,,,,,,,,,,,,,,,,* myContacts,,,Work,601 2345678 ::: 3107654321",
        ),
        [
            ("Ana López", "+573001234567", "", "* myContacts,Norte", True),
            ("Ferretería Luz", "+573107654321", "", "* myContacts", True),
        ],
        [],
    ),
    (
        "Outlook",
        csv(
            OUTLOOK,
            "Ana,,López,,,ana@example.com,,6012345678,,+57 (300) 123-4567,,,,,Tienda,VIP;Norte",
            'Luis,,,,,,,,,"310 765 4321",,,,,,',
        ),
        [("Ana López", "+573001234567", "", "Norte,VIP", True), ("Luis", "+573107654321", "", "", True)],
        [],
    ),
    (
        "HubSpot",
        csv(
            HUBSPOT,
            "101,Ana,López,ana@example.com,,+57 300 123 4567,Sol,New,2026-03-15 10:30",
            "102,Luis,Paz,luis@example.com,6012345678,3107654321,Sol,,2026-03-15 10:30",
            "103,Sol,Mar,sol@example.com,315 111 2233,,Sol,,2026-03-15 10:30",
        ),
        [
            ("Ana López", "+573001234567", "", "", True),
            ("Luis Paz", "+573107654321", "", "", True),
            ("Sol Mar", "+573151112233", "", "", True),
        ],
        [],
    ),
    (
        "Shopify",
        csv(
            SHOPIFY,
            "'7041234567890,Ana,López,a@example.com,yes,,Cra 5 # 1-2,Cali,VAC,CO,'760001,,'+573001234567,yes,85000.00,2"
            ',,no,"VIP, Norte"',
            "'7041234567891,Luis,,luis@example.com,no,,,,,CO,,,'+573107654321,no,0.00,0,,no,",
        ),
        [("Ana López", "+573001234567", "", "Norte,VIP", True), ("Luis", "+573107654321", "", "", True)],
        [],
    ),
    (
        "WooCommerce",
        csv(
            WOOCOMMERCE,
            "1,1,ana,ana@example.com,Ana,López,Ana López,customer,Ana,López,,ana@example.com,300-123-4567,Cali,",
            "2,2,luis,l@example.com,Luis,O&#039;Brien,Luis O&#039;Brien,customer,,,,,573107654321,,",
        ),
        [("Ana López", "+573001234567", "", "", True), ("Luis O'Brien", "+573107654321", "", "", True)],
        [],
    ),
    (
        "Siigo",
        csv(
            SIIGO,
            "1.020.304;;ANA LOPEZ;Cra 5;CALI;6012345678;3001234567;ana@example.com;Sí",
            "900123456;7;FERRETERIA LUZ S A S;;;NULL;3107654321;;No",
            "900123456.5;7;SIN CIFRAS;;;;3107654322;;Sí",
        ),
        [
            ("ANA LOPEZ", "+573001234567", "1.020.304", "", True),
            ("FERRETERIA LUZ S A S", "+573107654321", "900123456", "", False),
        ],
        [4],
    ),
    (
        "Alegra",
        as_excel([
            ALEGRA.split(";"),
            ("Ana López", "1020304", "", "6012345678", "", "3001234567", "", "Cra 5", "Cali", "", "Al día"),
            ("#N/A", "900123456", "7", "", "", "3107654321", "", "", "", "", ""),
        ]),
        [("Ana López", "+573001234567", "1020304", "", True)],
        [3],
    ),
    (
        "Alegra in Mexico",
        csv(
            ALEGRA_MX,
            "LOPA800101AB1,Ana López,ana@example.com,,,,+52 1 55 1234 5678,,Roma 1,,,Juárez,,Cuauhtémoc,CDMX,MEX,06600",
        ),
        [("Ana López", "+525512345678", "LOPA800101AB1", "", True)],
        [],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("file", "expected", "refused"), [e[1:] for e in EXPORTES], ids=[e[0] for e in EXPORTES])
def test_it_reads_the_exports_of_other_programs(
    file: bytes, expected: list[Row], refused: list[int], owner: Usuario
) -> None:
    importacion = run(owner, file)
    assert clients(owner) == expected
    assert [numero for numero, *_ in problems(importacion)] == refused


def test_of_two_numbers_the_first_mobile_is_taken_and_it_is_said(owner: Usuario) -> None:
    data = csv(
        "nombre;telefono",
        "Ana;601 234 5678 / 300 123 4567",
        "Luis;3107654321 y 3001112233",
        "Eva;6012345678 - 6042345678",
        "Sol;3001112244/45",
        "Mar;300 111 2255 ext 5",
    )
    importacion = run(owner, data)
    assert [c[:2] for c in clients(owner)] == [("Ana", "+573001234567"), ("Luis", "+573107654321")]
    assert counts(importacion) == {"creadas": 2, "rechazadas": 3}
    assert dict(importacion.detalle.exclude(aviso="").values_list("numero", "aviso")) == {
        2: "La celda tiene 2 teléfonos: se tomó 300 123 4567, el primer celular.",
        3: "La celda tiene 2 teléfonos: se tomó 3107654321, el primer celular.",
    }
    assert [motivo for *_, motivo in problems(importacion)] == [
        "La celda tiene 2 teléfonos y ninguno es de un celular: deje uno solo.",
        "El teléfono «3001112244/45» no es válido.",
        "El teléfono «300 111 2255 ext 5» no es válido.",
    ]
