"""Real servers in a folder of their own: a MariaDB, an sshd. They end with who started them."""
