"""How text stands for numbers and dates: the formats, and the choice of one by a whole column."""
