"""How units are counted in each other."""

WH_PER_KWH = 1000
