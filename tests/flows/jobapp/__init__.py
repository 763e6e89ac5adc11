"""Kinds of job that only tests have; an app, so that workers load it by LAMELLA_EXTRA_APPS."""
