"""Import of clients and sales from CSV and XLSX files."""
