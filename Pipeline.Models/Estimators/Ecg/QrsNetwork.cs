using System.Numerics;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// Whether a candidate is a beat, by a network of one hidden layer: z = clip((x − mean) · scale, ±<see cref="Limit"/>), h = max(0, W z +
/// b), log-odds = v · h + c. Immutable; any number of streams may ask it. Each hidden unit is summed in the order of the inputs, whatever
/// the width of the processor's vectors, so the answer is the same everywhere.
/// </summary>
internal sealed class QrsNetwork
{
    /// <summary>Normalised inputs beyond this are clipped.</summary>
    public const float Limit = 6;

    private readonly float[] _mean;
    private readonly float[] _scale;
    private readonly float[] _hidden;   // [inputs x stride], the units of an input side by side
    private readonly float[] _bias;     // [stride]
    private readonly float[] _output;   // [stride]
    private readonly float _offset;
    private readonly int _stride;

    /// <param name="mean">[inputs].</param>
    /// <param name="scale">[inputs].</param>
    /// <param name="hidden">[units x inputs].</param>
    /// <param name="bias">[units].</param>
    /// <param name="output">[units].</param>
    /// <param name="offset">Of the log-odds.</param>
    public QrsNetwork(float[] mean, float[] scale, float[] hidden, float[] bias, float[] output, float offset)
    {
        var (inputs, units) = (mean.Length, bias.Length);
        if (scale.Length != inputs || hidden.Length != inputs * units || output.Length != units)
            throw new ArgumentException(
                $"mean {inputs}, scale {scale.Length}, hidden {hidden.Length}, bias {units}, output {output.Length} do not fit together.", nameof(hidden));
        (_mean, _scale, _offset) = (mean, scale, offset);
        _stride = (units + Vector<float>.Count - 1) / Vector<float>.Count * Vector<float>.Count;
        _hidden = new float[inputs * _stride];
        _bias = new float[_stride];
        _output = new float[_stride];
        bias.CopyTo(_bias, 0);
        output.CopyTo(_output, 0);
        for (var i = 0; i < inputs; i++)
            for (var u = 0; u < units; u++)
                _hidden[i * _stride + u] = hidden[u * inputs + i];
    }

    /// <summary>Logarithm of the odds that the candidate described by <paramref name="input"/> is a beat.</summary>
    public float LogOdds(ReadOnlySpan<float> input)
    {
        Span<float> units = stackalloc float[_stride];
        Span<float> z = stackalloc float[input.Length];
        for (var i = 0; i < z.Length; i++)
            z[i] = Math.Clamp((input[i] - _mean[i]) * _scale[i], -Limit, Limit);
        var width = Vector<float>.Count;
        var unit = 0;
        for (; unit + 3 * width <= _stride; unit += 3 * width)
            SumThree(z, units, unit);
        for (; unit < _stride; unit += width)
            Sum(z, units, unit);
        var odds = _offset;
        for (var u = 0; u < _stride; u++)
            odds += Math.Max(0, units[u]) * _output[u];
        return odds;
    }

    /// <summary>The sums of three vectors of units at a time, which stay in registers.</summary>
    private void SumThree(ReadOnlySpan<float> z, Span<float> units, int unit)
    {
        var width = Vector<float>.Count;
        Vector<float> first = new(_bias, unit), second = new(_bias, unit + width), third = new(_bias, unit + 2 * width);
        for (int i = 0, at = unit; i < z.Length; i++, at += _stride)
        {
            var value = new Vector<float>(z[i]);
            first += value * new Vector<float>(_hidden, at);
            second += value * new Vector<float>(_hidden, at + width);
            third += value * new Vector<float>(_hidden, at + 2 * width);
        }
        first.CopyTo(units[unit..]);
        second.CopyTo(units[(unit + width)..]);
        third.CopyTo(units[(unit + 2 * width)..]);
    }

    private void Sum(ReadOnlySpan<float> z, Span<float> units, int unit)
    {
        var sum = new Vector<float>(_bias, unit);
        for (int i = 0, at = unit; i < z.Length; i++, at += _stride)
            sum += new Vector<float>(z[i]) * new Vector<float>(_hidden, at);
        sum.CopyTo(units[unit..]);
    }
}
