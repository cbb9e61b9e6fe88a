"""The Registro de Números Excluidos: numbers that no advertising may reach. Its consultation is mandatory (Ley 2300 de
2023) and has no interface for programs, so its file is imported, and who did it and when is kept as evidence.

numeros     reads the numbers of a file, whatever its kind
services    imports them, or hands a large file to a worker
proceso     is the worker's part
"""
