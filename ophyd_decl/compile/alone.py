"""Files of kind types and fragment that are checked alone: what comes from outside is not known."""

from collections.abc import Sequence

from ..check.given_options import find_options
from ..check.libraries import library_folder
from ..resolve.assembly import Assembly, assemble
from ..resolve.catalog import Catalog, TypeSource
from ..resolve.fragments import FragmentReader
from ..resolve.include import Includer
from ..resolve.locations import Locator, location_of
from ..source import Findings, LoadedFile
from .devices import Defaults, DeviceReader, Devices
from .documents import DocumentNames
from .links import Links
from .services import read_services
from .shapes import ShapeBuilder
from .typebook import TypeBook


def catalog_of(loaded: LoadedFile, findings: Findings) -> Catalog:
    """Return the types that a file uses, and those that it holds if it is of kind types."""
    catalog = Catalog(Locator(library_folder, findings), findings)
    kind = loaded.root["kind"]
    catalog.alone = kind != "beamline"
    location = location_of(loaded.file.name, alone=catalog.alone)
    if kind == "types":
        catalog.add(loaded, location)
    else:
        catalog.use(loaded.root.get("use"), location)
    return catalog


def check_types(loaded: LoadedFile, findings: Findings) -> None:
    """Report what is wrong in a file of kind types."""
    catalog = Catalog(Locator(library_folder, findings), findings)
    catalog.alone = True
    sources = catalog.add(loaded, location_of(loaded.file.name, alone=True))
    check_sources(sources, ShapeBuilder(TypeBook(catalog, findings), findings, Defaults().timeouts))


def check_fragment(loaded: LoadedFile, findings: Findings) -> None:
    """Report what is wrong in a file of kind fragment, whatever it will be given."""
    location = location_of(loaded.file.name, alone=True)
    locator = Locator(library_folder, findings)
    catalog = Catalog(locator, findings)
    catalog.alone = True
    reader = FragmentReader(catalog, None, findings, find_options)
    fragment = reader.read(loaded, location)
    piece = reader.alone(fragment)
    assembly = assemble(fragment.root, piece, location, Includer(reader, locator, findings), findings)
    defaults = Defaults()
    builder = ShapeBuilder(TypeBook(catalog, findings), findings, defaults.timeouts)
    devices = read_entries(assembly, builder, defaults)
    links = Links(devices, findings)
    links.resolve()
    links.build_order()
    DocumentNames("-", findings).check(devices.made)


def check_sources(sources: Sequence[TypeSource], builder: ShapeBuilder) -> None:
    """Report what is wrong in the text of types, whether or not they are used."""
    for source in sources:
        model = builder.book.get(source.name)
        if model is not None:
            builder.symbolic(model)


def read_entries(assembly: Assembly, builder: ShapeBuilder, defaults: Defaults) -> Devices:
    """Return the services and devices of all files; mistakes are reported."""
    reader = DeviceReader(builder, defaults)
    reader.devices.services = read_services(assembly.services, builder.findings)
    reader.devices.open = not assembly.complete
    return reader.read(assembly.devices)
