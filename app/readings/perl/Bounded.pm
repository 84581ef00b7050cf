package Bounded;

# Keeps of a MakerNote the first 64 KiB, the most that the EXIF segment of a JPEG can hold: those of
# some RAW files carry whole previews, and a hostile one is as long as its file.

use strict;
use warnings;

use constant LONGEST => 65536;

INIT {
    if (defined &Image::ExifTool::FoundTag) {
        no warnings qw(redefine once);
        my $found = \&Image::ExifTool::FoundTag;
        *Image::ExifTool::FoundTag = sub {
            my ($tool, $about, $value) = @_;
            if (ref $about eq 'HASH' and $$about{MakerNotes} and not ref $value
                and length($value // '') > LONGEST) {
                return $found->($tool, $about, substr($value, 0, LONGEST), @_[3 .. $#_]);
            }
            goto &$found;
        };
    }
}

1;
