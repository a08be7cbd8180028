"""How much may be stored."""

FILE_BYTES_MAX = 50 * 1024 * 1024
PART_BYTES_MAX = 256 * 1024
# Of all files of a company that have not expired.
STORED_BYTES_MAX = 1024 * 1024 * 1024
