using Pipeline.Models.Filters;

namespace Pipeline.Models.Graph;

/// <summary>See <see cref="SignalStream.Through"/>.</summary>
internal sealed class FilterStep : ISignalStep
{
    private const int Batch = 1024;

    private readonly BiquadCascade _filter;
    private readonly ISignalStep _next;
    private readonly double[] _state;
    private readonly float[] _output = new float[Batch];

    public FilterStep(BiquadCascade filter, ISignalStep next)
    {
        _filter = filter;
        _next = next;
        _state = new double[filter.StateLength];
        filter.Reset(_state);
    }

    public void Push(ReadOnlySpan<float> samples)
    {
        for (; samples.Length > 0; samples = samples[Math.Min(Batch, samples.Length)..])
        {
            var output = _output.AsSpan(0, Math.Min(Batch, samples.Length));
            _filter.Filter(samples[..output.Length], output, _state);
            _next.Push(output);
        }
    }

    public void Finish() => _next.Finish();
}
