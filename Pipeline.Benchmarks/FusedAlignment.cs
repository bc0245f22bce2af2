using System.Runtime.Intrinsics;

namespace Pipeline.Benchmarks;

/// <summary>
/// What one would write by hand for the one graph of <see cref="SignalGraphBenchmark"/>: two passes a window, all steps fused, whole windows
/// and these two rates only. The line of how fast it can be, not a way to build a pipeline.
/// </summary>
internal sealed class FusedAlignment(int ecgWindow, int abpWindow)
{
    private readonly float[] _abp = new float[ecgWindow];
    private float _pending = float.NaN;

    public double Run(ReadOnlySpan<float> ecg, ReadOnlySpan<float> abp)
    {
        var total = 0.0;
        for (var w = 0; w < ecg.Length / ecgWindow; w++)
        {
            var left = ecg.Slice(w * ecgWindow, ecgWindow);
            var right = abp.Slice(w * abpWindow, abpWindow);
            var (fill, _) = Moments(right);
            // The line from a window's last sample goes to the first of the next, which is filled by its own window's mean.
            var after = abp.Length > (w + 1) * abpWindow ? abp.Slice((w + 1) * abpWindow, abpWindow) : right[^1..];
            _pending = float.IsNaN(after[0]) ? Moments(after).Mean : after[0];
            Upsample(right, fill);
            var (ecgMean, ecgScale) = Moments(left);
            var (abpMean, abpScale) = Moments(_abp);
            total += Product(left, ecgMean, ecgScale, abpMean, abpScale);
        }
        return total;
    }

    // Missing samples equal the mean after filling: they add nothing to the squares, and all count.
    private static (float Mean, float Scale) Moments(ReadOnlySpan<float> x)
    {
        Vector512<float> sum = default, squares = default;
        Vector512<int> count = default;
        var shift = Vector512.Create(float.IsNaN(x[0]) ? 0 : x[0]);
        var i = 0;
        for (; i + 16 <= x.Length; i += 16)
        {
            var v = Vector512.Create(x[i..]);
            var there = Vector512.Equals(v, v);
            v = (v - shift) & there;
            sum += v;
            squares += v * v;
            count -= there.AsInt32();
        }
        double s = Vector512.Sum(sum), q = Vector512.Sum(squares);
        var n = Vector512.Sum(count);
        for (; i < x.Length; i++)
            if (!float.IsNaN(x[i]))
            {
                var d = x[i] - shift[0];
                s += d;
                q += d * d;
                n++;
            }
        return ((float)(shift[0] + s / n), (float)Math.Sqrt(x.Length / (q - s * s / n)));
    }

    private void Upsample(ReadOnlySpan<float> x, float fill)
    {
        var filler = Vector128.Create(fill);
        var part = Vector512.Create(0, .25f, .5f, .75f, 0, .25f, .5f, .75f, 0, .25f, .5f, .75f, 0, .25f, .5f, .75f);
        var spread = Vector512.Create(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
        var i = 0;
        for (; i + 5 <= x.Length; i += 4)
        {
            Vector128<float> a = Vector128.Create(x[i..]), b = Vector128.Create(x[(i + 1)..]);
            a = Vector128.ConditionalSelect(Vector128.Equals(a, a), a, filler);
            b = Vector128.ConditionalSelect(Vector128.Equals(b, b), b, filler);
            var wideA = Vector512.Shuffle(a.ToVector256Unsafe().ToVector512Unsafe(), spread);
            var wideB = Vector512.Shuffle(b.ToVector256Unsafe().ToVector512Unsafe(), spread);
            (wideA + (wideB - wideA) * part).CopyTo(_abp.AsSpan(4 * i));
        }
        for (; i < x.Length; i++)
        {
            var a = float.IsNaN(x[i]) ? fill : x[i];
            var b = i + 1 == x.Length ? _pending : float.IsNaN(x[i + 1]) ? fill : x[i + 1];
            for (var k = 0; k < 4; k++)
                _abp[4 * i + k] = a + (b - a) * (k * 0.25f);
        }
    }

    // Normalises both, joins them, and sums the products of the rows, as the graph's reader does.
    private double Product(ReadOnlySpan<float> ecg, float ecgMean, float ecgScale, float abpMean, float abpScale)
    {
        var sum = Vector512<float>.Zero;
        Vector512<float> leftMean = Vector512.Create(ecgMean), rightMean = Vector512.Create(abpMean);
        for (var i = 0; i + 16 <= ecg.Length; i += 16)
        {
            Vector512<float> left = Vector512.Create(ecg[i..]), right = Vector512.Create<float>(_abp.AsSpan(i));
            left = Vector512.ConditionalSelect(Vector512.Equals(left, left), left, leftMean);
            sum += (left - leftMean) * (right - rightMean);
        }
        return Vector512.Sum(sum) * (double)ecgScale * abpScale;
    }
}
