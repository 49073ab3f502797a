"""Scanners that type like a keyboard, read as key codes over Linux evdev."""
