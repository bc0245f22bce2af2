namespace Pipeline.Models.Graph;

/// <summary>
/// Cuts pushed samples into windows [n w, (n + 1) w). A window that lies whole in what was pushed is not copied. The first window is shorter
/// when the stream does not begin at a window's start.
/// </summary>
/// <param name="length">w, samples.</param>
/// <param name="firstIndex">Index of the first sample.</param>
internal sealed class WindowBuffer(int length, long firstIndex)
{
    private readonly float[] _held = new float[length];
    private readonly int _length = length;
    private int _wanted = length - (int)(firstIndex % length);   // of the present window
    private int _count;

    /// <summary>
    /// The next whole window, taken from what is held and the front of <paramref name="samples"/>; valid until the next call. When there is
    /// none, all samples are held and false is returned.
    /// </summary>
    public bool TryTake(ref ReadOnlySpan<float> samples, out ReadOnlySpan<float> window)
    {
        if (_count == 0 && samples.Length >= _wanted)
        {
            window = samples[.._wanted];
            samples = samples[_wanted..];
            _wanted = _length;
            return true;
        }
        var taken = Math.Min(_wanted - _count, samples.Length);
        samples[..taken].CopyTo(_held.AsSpan(_count));
        samples = samples[taken..];
        _count += taken;
        window = _held.AsSpan(0, _wanted);
        if (_count < _wanted)
            return false;
        _wanted = _length;
        _count = 0;
        return true;
    }

    /// <summary>What is held of a window that will not become whole.</summary>
    public ReadOnlySpan<float> Rest() => _held.AsSpan(0, _count);
}
