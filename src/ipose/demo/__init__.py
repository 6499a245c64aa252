"""What `ipose demo` does.

tour        a page of what the bundled model makes
training    with --train: the same system trained in minutes, and its page
"""
