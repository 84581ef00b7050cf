"""A name's extension against what the content is: said where it lies, never believed.

A reading knows no name, so that the same bytes give the same reading; the record knows both.
"""

EXTENSION_LIES = "the extension of the name says another format"
_TIFF_LIKE = "tif tiff dng nef nrw cr2 arw sr2 pef srw 3fr erf kdc dcr mef iiq rwl gpr raw fff"
_OF = {
    "image/jpeg": "jpg jpeg jpe jif jfif jfi mpo jps insp",
    "image/png": "png apng",
    "image/apng": "png apng",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/bmp": "bmp dib",
    "image/tiff": "tif tiff",
    "image/x-tiff-big": "tif tiff btf tf8",
    "image/heic": "heic heif hif",
    "image/heif": "heic heif hif",
    "image/heic-sequence": "heic heics heif hif",
    "image/heif-sequence": "heif heifs hif",
    "image/avif": "avif avifs",
    "image/jxl": "jxl",
    "image/jp2": "jp2 jpg2 j2k j2c jpc jpf jpx",
    "image/jpx": "jpx jpf jp2",
    "image/x-j2c": "j2c j2k jpc",
    "application/vnd.adobe.photoshop": "psd psb psdt pdd",
    "image/x-adobe-dng": "dng tif tiff",
}
_KNOWN = frozenset(" ".join([*_OF.values(), _TIFF_LIKE, "orf rw2 raf x3f mrw crw cr3"]).split())
_NO_IMAGES = "pdf svg zip exe doc docx xls txt html htm mov mp4 avi mp3 csv json xml"
_OTHERS = frozenset(_NO_IMAGES.split())


def extension_lies(name: str, mime: str) -> bool:
    """Tell whether a name ends as files of another kind do; an unknown ending says nothing."""
    stem, dot, extension = name.rpartition(".")
    extension = extension.strip().lower()
    honest = _OF.get(mime.lower())
    if not dot or not stem or extension not in _KNOWN | _OTHERS:
        return False
    if honest is None:  # a RAW format: any RAW ending will do, for makers share and change them
        return extension in _OTHERS or any(extension in of.split() for of in _FIRM)
    return extension not in honest.split()


_FIRM = [_OF[mime] for mime in ("image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp")]
