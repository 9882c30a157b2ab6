"""From a question to passages: two legs, fused."""
