"""What charts show, whoever draws them: series, axes and words; report and plots draw them."""
