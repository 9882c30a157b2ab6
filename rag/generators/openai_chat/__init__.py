"""Any model behind a server that speaks the OpenAI chat protocol, as Ollama and llama.cpp do.

address        what a user wrote in, the server and its key out; nothing is asked or loaded
ollama         whether an Ollama runs on this machine
ollama_models  and which of its models to take
transport      what goes over the wire to a server that was named, and how much of it
failures       whatever goes wrong, as one line with its remedy
generator      messages in, text out, piece by piece
"""
