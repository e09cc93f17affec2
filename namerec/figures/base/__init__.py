"""What all figures share: the theme, texts, axes, plain values for live charts."""
