using System.Buffers;
using System.Text;
using Pipeline.Actors;

namespace Pipeline.Host.Store;

/// <summary>Points written as lines, one after the other in one buffer that is used again for the next block. One thread at a time.</summary>
internal sealed class LineBlock
{
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly List<int> _ends = [];
    private readonly List<VitalPoint> _points = [];

    /// <summary>Lines in the block.</summary>
    public int Count => _points.Count;

    /// <summary>All lines, each with its line feed.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.WrittenMemory;

    /// <summary>Adds a point that has no <see cref="LineProtocol.FindFault">fault</see>.</summary>
    public void Add(VitalPoint point)
    {
        LineProtocol.Append(point, _bytes);
        _ends.Add(_bytes.WrittenCount);
        _points.Add(point);
    }

    /// <summary>The point of line <paramref name="index"/>.</summary>
    public VitalPoint Point(int index) => _points[index];

    /// <summary>Line <paramref name="index"/> without its line feed.</summary>
    public ReadOnlySpan<byte> Line(int index)
    {
        var start = index == 0 ? 0 : _ends[index - 1];
        return _bytes.WrittenSpan[start..(_ends[index] - 1)];
    }

    /// <summary>Line <paramref name="index"/> without its line feed.</summary>
    public string Text(int index) => Encoding.UTF8.GetString(Line(index));

    /// <summary>The lines <paramref name="indices"/>: all of them as one text, else one by one.</summary>
    public IEnumerable<string> Texts(IReadOnlyCollection<int> indices) =>
        indices.Count == Count ? [Encoding.UTF8.GetString(_bytes.WrittenSpan[..^1])] : indices.Select(Text);

    /// <summary>Makes it empty; keeps the memory.</summary>
    public void Clear()
    {
        _bytes.ResetWrittenCount();
        _ends.Clear();
        _points.Clear();
    }
}
