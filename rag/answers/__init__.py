"""From passages to an answer: prompt, generation, citations checked by code, or a refusal."""
