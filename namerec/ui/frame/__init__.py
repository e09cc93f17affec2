"""The frame around every page: menu, address, sections, lessons, explanations, errors."""
