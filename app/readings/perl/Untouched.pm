package Untouched;

# Keeps the access time of what ExifTool reads: it opens our link to the held file anew, and the
# new opening knows nothing of the O_NOATIME of the first. Loaded through PERL5OPT, for ExifTool's
# own way to load code, its configuration file, stays shut.
#
# And keeps every byte of a text: JSON would lose each NUL within it, so that such texts, and those
# that only look like base64, are given in base64 as those are that are no UTF-8.

use strict;
use warnings;
use Fcntl qw(F_GETFL F_SETFL O_NOATIME);

INIT {
    if (defined &Image::ExifTool::Open) {
        no warnings qw(redefine once);
        my $open = \&Image::ExifTool::Open;
        *Image::ExifTool::Open = sub {
            my $opened = &$open;
            if ($opened and my $flags = fcntl($_[1], F_GETFL, 0)) {
                fcntl($_[1], F_SETFL, $flags | O_NOATIME);    # refused to all but the owner
            }
            return $opened;
        };
    }
    if (defined &main::EscapeJSON) {
        no warnings qw(redefine once prototype);
        my $escape = \&main::EscapeJSON;
        *main::EscapeJSON = sub ($;$) {
            my ($text, $quote) = @_;
            if ($text =~ /\0[^\0]|\Abase64:/) {
                return '"base64:' . Image::ExifTool::XMP::EncodeBase64($text, 1) . '"';
            }
            return &$escape($text, $quote);
        };
    }
}

1;
