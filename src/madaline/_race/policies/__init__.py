"""The rules of adaptive training: each looks at the race and proposes decisions."""
