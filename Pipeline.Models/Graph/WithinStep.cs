using System.Runtime.Intrinsics;

namespace Pipeline.Models.Graph;

/// <summary>See <see cref="SignalStream.Within(double, double)"/>.</summary>
internal sealed class WithinStep(float low, float high, ISignalStep next) : ISignalStep
{
    private const int Batch = 1024;
    private readonly float[] _output = new float[Batch];

    public void Push(ReadOnlySpan<float> samples)
    {
        for (; samples.Length > 0; samples = samples[Math.Min(Batch, samples.Length)..])
        {
            var output = _output.AsSpan(0, Math.Min(Batch, samples.Length));
            Clear(samples[..output.Length], output);
            next.Push(output);
        }
    }

    public void Finish() => next.Finish();

    private void Clear(ReadOnlySpan<float> from, Span<float> to)
    {
        Vector256<float> least = Vector256.Create(low), most = Vector256.Create(high), missing = Vector256.Create(float.NaN);
        var i = 0;
        for (; i + 8 <= from.Length; i += 8)
        {
            var x = Vector256.Create(from[i..]);
            var inside = Vector256.GreaterThanOrEqual(x, least) & Vector256.LessThanOrEqual(x, most);
            Vector256.ConditionalSelect(inside, x, missing).CopyTo(to[i..]);
        }
        for (; i < from.Length; i++)
            to[i] = from[i] >= low && from[i] <= high ? from[i] : float.NaN;
    }
}
