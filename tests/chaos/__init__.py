"""kill -9 of a real `tinbao serve` in the middle of a wave, again and again, beside a telco that loses answers and repeats itself."""
