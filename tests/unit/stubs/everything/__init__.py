from ophyd_decl import expose

expose(__name__)
