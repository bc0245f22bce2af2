using Pipeline.Models.Signals;

namespace Pipeline.Tests.Signals;

/// <summary>A window as the naive windower and the tests see it: plain values.</summary>
internal sealed record PlainWindow(long Id, long Start, int NewSampleCount, bool SegmentBegins, string Samples)
{
    public static PlainWindow Of(in Window window)
    {
        var text = new List<string>();
        for (var c = 0; c < window.Channels.Count; c++)
        {
            var samples = new float[window.Length];
            window.CopyPhysical(c, 0, samples);
            text.Add(string.Join(' ', samples.Select(s => float.IsNaN(s) ? "." : $"{s}")));
        }
        return new PlainWindow(window.Id, window.StartIndex, window.NewSampleCount, window.IsFirstOfSegment, string.Join(" | ", text));
    }
}

/// <summary>The rules of the windower once more, without a ring: every sample in a dictionary, every window looked at after every chunk.</summary>
internal sealed class NaiveWindower(WindowShape shape, double rateHz, int channelCount)
{
    private readonly Dictionary<long, short[]> _samples = [];
    private long _next;
    private long _id;
    private long? _lastEnd;

    public List<PlainWindow> Windows { get; } = [];

    public void Take(SampleChunk chunk)
    {
        if (chunk.EndSampleIndex <= _next || chunk.SampleCount == 0)
            return;
        var length = shape.LengthAt(rateHz);
        var gapStart = _next;
        var longGap = chunk.FirstSampleIndex - _next >= length;
        CompleteUpTo(chunk.FirstSampleIndex);
        if (longGap)
        {
            foreach (var index in _samples.Keys.Where(i => i < gapStart).ToList())
                _samples.Remove(index);
            _lastEnd = null;
        }
        for (var i = 0; i < chunk.SampleCount; i++)
        {
            var index = chunk.FirstSampleIndex + i;
            if (index < _next)
                continue;
            var row = new short[channelCount];
            for (var c = 0; c < channelCount; c++)
                row[c] = chunk.Int16(c)[i];
            _samples[index] = row;
        }
        _next = chunk.EndSampleIndex;
        CompleteUpTo(_next);
    }

    private void CompleteUpTo(long index)
    {
        var length = shape.LengthAt(rateHz);
        for (; shape.StartAt(_id, rateHz) + length <= index; _id++)
        {
            var start = shape.StartAt(_id, rateHz);
            if (!Enumerable.Range(0, length).Any(i => _samples.ContainsKey(start + i)))
                continue;
            var text = Enumerable.Range(0, channelCount).Select(c => string.Join(' ', Enumerable.Range(0, length).Select(i => Show(start + i, c))));
            Windows.Add(new PlainWindow(_id, start, (int)(_lastEnd is { } last ? start + length - last : length), _lastEnd is null, string.Join(" | ", text)));
            _lastEnd = start + length;
        }
    }

    private string Show(long index, int channel) =>
        _samples.TryGetValue(index, out var row) && row[channel] != SampleChunk.MissingInt16 ? $"{(float)row[channel]}" : ".";
}
