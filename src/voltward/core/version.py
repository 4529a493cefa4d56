"""The version of the package, for those below the facade that write it down."""

VERSION = "0.1.0"
