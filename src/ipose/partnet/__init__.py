"""partnet"""
