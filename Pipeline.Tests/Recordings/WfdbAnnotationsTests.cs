using Pipeline.Host.Recordings;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Recordings;

public sealed class WfdbAnnotationsTests
{
    [Fact]
    public void Marks_are_read_past_long_steps_and_texts()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "x.atr");
        ushort Word(int code, int time) => (ushort)(code << 10 | time);
        // A normal beat at 18; a rhythm change with the text "(N" at 18; a step of 70,000 samples, then a ventricular beat 5 later.
        ushort[] words = [Word(1, 18), Word(28, 0), Word(63, 2), 'N' << 8 | '(', Word(59, 0), 1, 70_000 - 65_536, Word(5, 5), 0];
        File.WriteAllBytes(path, [.. words.SelectMany(BitConverter.GetBytes)]);

        var marks = WfdbAnnotations.Read(path);

        Assert.Equal([(18, 1), (18, 28), (70_023, 5)], marks.Select(m => (m.Sample, m.Code)));
        Assert.Equal([true, false, true], marks.Select(m => m.IsBeat));
    }
}
