"""How an answer is written, cited and added up."""
