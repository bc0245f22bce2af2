namespace Pipeline.Models.Graph;

/// <summary>See <see cref="SignalStream.FillMean"/>.</summary>
/// <param name="length">Samples of a window.</param>
/// <param name="firstIndex">Index of the first sample.</param>
/// <param name="next">Where it goes.</param>
internal sealed class FillMeanStep(int length, long firstIndex, ISignalStep next) : ISignalStep
{
    private readonly WindowBuffer _windows = new(length, firstIndex);
    private readonly float[] _filled = new float[length];

    public void Push(ReadOnlySpan<float> samples)
    {
        while (_windows.TryTake(ref samples, out var window))
            Fill(window);
    }

    public void Finish()
    {
        Fill(_windows.Rest());
        next.Finish();
    }

    private void Fill(ReadOnlySpan<float> window)
    {
        var (count, mean) = WindowMoments.MeanOf(window);
        if (count == window.Length || count == 0)
        {
            next.Push(window);
            return;
        }
        var filled = _filled.AsSpan(0, window.Length);
        Lanes.Replace(window, mean, filled);
        next.Push(filled);
    }
}
