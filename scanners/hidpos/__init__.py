"""Scanners that send HID POS reports (USB usage page 8Ch), read over Linux hidraw."""
