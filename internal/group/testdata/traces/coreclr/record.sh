#!/bin/sh
# The samples here were written by hand after .NET's documented format: there is no program that makes them.
exit 1
