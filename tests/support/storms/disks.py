"""disks.py -- a small file system of its own, which can be filled and emptied."""
import errno
import os
import subprocess

STEP = 64 << 20


def run(*arguments):
    done = subprocess.run(arguments, capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)
    return done.returncode == 0


class Disk:
    """Mounted at `folder`: ext4 on an image through a loop device; where there
    is none, a tmpfs; without the right to mount, an ordinary folder that cannot
    be filled. `form` says which."""

    def __init__(self, folder, size):
        self.folder = folder
        self.image = folder + ".image"
        self.filler = os.path.join(folder, "filler")
        os.makedirs(folder, exist_ok=True)
        self.form = self.mount(size)

    def mount(self, size):
        with open(self.image, "wb") as file:
            file.truncate(size)
        if run("mkfs.ext4", "-q", "-F", "-m", "0", self.image) and \
                run("mount", "-o", "loop", self.image, self.folder):
            return "ext4"
        os.unlink(self.image)
        if run("mount", "-t", "tmpfs", "-o", "size=%d" % size, "tmpfs", self.folder):
            return "tmpfs"
        return "folder"

    def fill(self):
        """Takes all room there is; a little is tried last, so that nothing fits."""
        with open(self.filler, "ab") as file:
            step = STEP
            while step >= 4096:
                end = os.fstat(file.fileno()).st_size
                try:
                    os.posix_fallocate(file.fileno(), end, step)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    step //= 2

    def empty(self):
        if os.path.exists(self.filler):
            os.unlink(self.filler)

    def close(self, keep):
        """keep: the image stays, `mount -o loop` shows it again."""
        if self.form != "folder":
            run("umount", self.folder) or run("umount", "-l", self.folder)
        if not keep and os.path.exists(self.image):
            os.unlink(self.image)
