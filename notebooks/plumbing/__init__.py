"""What stands behind the lessons and teaches nothing about diffusion: pictures, files, the builders."""
