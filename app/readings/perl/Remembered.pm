package Remembered;

# Spares ExifTool finding out again, for every file and every group asked for, of which groups a tag
# is and what shortcuts the request holds. Its answers stay the same, byte for byte: a test compares.

use strict;
use warnings;

our $groups;    # of the tags of the file whose answer is being chosen; they no longer change then
my (%plain, %expanded);

sub groups_of {
    my ($tool, $tag) = @_;
    my $extra = $$tool{TAG_EXTRA}{$tag};
    my $info  = $$tool{TAG_INFO}{$tag};
    my $own   = $extra && grep { exists $$extra{$_} } qw(G0 G1 G3 G5 G6 G8);
    my $base  = $info && $$info{GotGroups} && $$info{Groups};
    if (not $own and $base and $$base{1} !~ /^MIE/) {
        return { map { lc($_) => 1 } @$base{ 0, 1, 2 }, 'Main' };
    }
    return { map { lc($_) => 1 } $tool->GetGroup($tag, -1) };
}

INIT {
    my @wrapped = qw(SetFoundTags GroupMatches ExpandShortcuts);
    if (not grep { not Image::ExifTool->can($_) } @wrapped) {
        no warnings qw(redefine prototype);
        my $choose = \&Image::ExifTool::SetFoundTags;
        *Image::ExifTool::SetFoundTags = sub { local $groups = {}; return &$choose };

        my $matches = \&Image::ExifTool::GroupMatches;
        *Image::ExifTool::GroupMatches = sub {
            my ($tool, $group, $tags) = @_;
            # Anything but one plain name is left to ExifTool: several, numbered, by identifier.
            $plain{$group} //= $group =~ /^(?!(?:all|copy\d*|id-.*)$)[a-z][-\w]*$/i ? lc $group : '';
            my $wanted = $plain{$group};
            return &$matches if $wanted eq '' or not $groups;
            my @found = grep { ($$groups{$_} ||= groups_of($tool, $_))->{$wanted} }
              ref $tags ? @$tags : $tags;
            return wantarray ? @found : $found[0];
        };

        my $expand = \&Image::ExifTool::ExpandShortcuts;
        *Image::ExifTool::ExpandShortcuts = sub {
            my ($tags, $remove) = @_;
            return &$expand if not $tags or grep { ref } @$tags;
            my $request = join "\n", $remove ? 1 : 0, @$tags;
            if (my $known = $expanded{$request}) {
                @$tags = @$known;
                return;
            }
            &$expand;
            %expanded = () if keys %expanded > 9;
            $expanded{$request} = [@$tags];
            return;
        };
    }
}

1;
