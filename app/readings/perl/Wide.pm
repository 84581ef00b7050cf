package Wide;

# Lets ExifTool read a sidecar in UTF-16 that begins with its mark and its root element. It knows
# such a file for XMP, yet reads one only that begins with a declaration of XML or of a packet. The
# mark is all that XML asks for (appendix F.1), so that the text is turned into UTF-8 before.

use strict;
use warnings;

our $most = 16 << 20;    # bytes: app/readings/sidecars.py reads no larger one

sub narrow {
    my $held = shift;
    my $head = '';
    $held->Seek(0, 0);
    $held->Read($head, 4);
    my ($wide, $text) = ('', '');
    $wide = 'UTF-16LE' if $head =~ /\A\xff\xfe<\0/;
    $wide = 'UTF-16BE' if $head =~ /\A\xfe\xff\0</;
    if ($wide) {
        $held->Seek(2, 0);
        my $size = $held->Read($text, $most + 1);
        chop $text if length($text) % 2;    # half a letter
        $text = Encode::encode('UTF-8', Encode::decode($wide, $text));
        $wide = '' if $size > $most or $text !~ /\A<(?:x(?:mp)?:x[ma]pmeta|rdf:RDF)\b/;
    }
    $held->Seek(0, 0);
    return $wide ? File::RandomAccess->new(\$text) : $held;
}

INIT {
    if (eval { require Encode; require Image::ExifTool::XMP }) {
        no warnings qw(redefine prototype);
        my $process = \&Image::ExifTool::XMP::ProcessXMP;
        *Image::ExifTool::XMP::ProcessXMP = sub {
            my ($tool, $found, $table) = @_;
            return &$process if $$found{DataPt} or not $$found{RAF};
            return $process->($tool, { %$found, RAF => narrow($$found{RAF}) }, $table);
        };
    }
}

1;
