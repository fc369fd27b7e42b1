/* empty.c -- keeps this folder a library until its first source is there. */
typedef int nothing_yet;
