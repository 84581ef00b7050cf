package Bounded;

# Keeps of a MakerNote the first 64 KiB, the most that the EXIF segment of a JPEG can hold: those of
# some RAW files carry whole previews, and a hostile one is as long as its file.
#
# Keeps of tags that have name and place in common the first hundred or so, and half a MiB of them:
# all that a file means to say, and not so many that the whole answer is lost for its length. What
# the tool itself says of the file stays one sentence: how many depends on what it read before.

use strict;
use warnings;

use constant LONGEST => 65536;
use constant MOST    => 100;
use constant ROOM    => 524288;

# Tells whether a tag is one too many; the first of a place never is.
sub too_many {
    my ($tool, $name, $about, $value) = @_;
    return 1 if $name eq 'Warning' or $name eq 'Error';
    my $kept  = $$tool{RepeatedTags} ||= {};      # forgotten with each file for its small letters
    my $place = join ';', $about, map { $_ // '' } @$tool{qw(SET_GROUP0 SET_GROUP1 DIR_NAME DOC_NUM)};
    return 0 if not $$kept{$place}++;
    $$kept{bytes} += length $value;
    return 0 if $$kept{$place} <= MOST and $$kept{bytes} <= ROOM;
    print STDERR "repeated tags were left out\n" if not $$kept{told}++;
    return 1;
}

INIT {
    if (defined &Image::ExifTool::FoundTag) {
        no warnings qw(redefine once prototype);
        my $found = \&Image::ExifTool::FoundTag;
        *Image::ExifTool::FoundTag = sub {
            my ($tool, $about, $value) = @_;
            my $known = ref $about eq 'HASH';
            if ($known and $$about{MakerNotes} and not ref $value
                and length($value // '') > LONGEST) {
                return $found->($tool, $about, substr($value, 0, LONGEST), @_[3 .. $#_]);
            }
            my $name = $known ? $$about{Name} : $about;
            if (defined $name and exists $$tool{VALUE}{$name} and not ($known and $$about{List})) {
                my $text = ref $value eq 'SCALAR' ? $$value : ref $value ? '' : $value // '';
                return undef if too_many($tool, $name, $about, $text);
            }
            goto &$found;
        };
    }
}

1;
