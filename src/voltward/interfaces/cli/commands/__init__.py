"""What can be typed: names, options, help and examples; these files import nothing that computes.

What a command does is a plain function in the module beside this room that the command names as
`work`. It is imported when the command runs, and is called with the options by their names.
"""
