"""What adaptive training writes down: every epoch in numbers, and every decision."""
