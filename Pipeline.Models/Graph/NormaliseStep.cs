namespace Pipeline.Models.Graph;

/// <summary>See <see cref="SignalStream.Normalise"/>.</summary>
/// <param name="length">Samples of a window.</param>
/// <param name="firstIndex">Index of the first sample.</param>
/// <param name="next">Where it goes.</param>
internal sealed class NormaliseStep(int length, long firstIndex, ISignalStep next) : ISignalStep
{
    private readonly WindowBuffer _windows = new(length, firstIndex);
    private readonly float[] _normal = new float[length];

    public void Push(ReadOnlySpan<float> samples)
    {
        while (_windows.TryTake(ref samples, out var window))
            Normalise(window);
    }

    public void Finish()
    {
        Normalise(_windows.Rest());
        next.Finish();
    }

    private void Normalise(ReadOnlySpan<float> window)
    {
        var (count, mean) = WindowMoments.MeanOf(window);
        if (count == 0)
        {
            next.Push(window);
            return;
        }
        var deviation = Math.Sqrt(WindowMoments.SquaresAround(mean, window) / count);
        // Equal samples differ from their own rounded mean by the rounding alone.
        var scale = deviation > 1e-6 * Math.Abs(mean) ? (float)(1 / deviation) : 0;
        var normal = _normal.AsSpan(0, window.Length);
        Lanes.Scale(window, mean, scale, normal);
        next.Push(normal);
    }
}
