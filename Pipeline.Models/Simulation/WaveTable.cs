namespace Pipeline.Models.Simulation;

/// <summary>A waveform over [0, 1], sampled once and shared by all beds; read with a straight line between its points.</summary>
internal sealed class WaveTable
{
    private const int Size = 2048;

    private readonly float[] _points = new float[Size + 2];   // one more than the last whole position, for the line

    public WaveTable(Func<double, double> wave)
    {
        for (var i = 0; i < _points.Length; i++)
            _points[i] = (float)wave(Math.Min(1, i / (double)Size));
    }

    /// <summary>The waveform at <paramref name="x"/>; outside [0, 1] its end.</summary>
    public float At(float x)
    {
        var position = Math.Clamp(x, 0, 1) * Size;
        var i = (int)position;
        var left = _points[i];
        return left + (position - i) * (_points[i + 1] - left);
    }

    /// <summary>The waveform at the fraction of <paramref name="phase"/>, which is 0 or more: for one that repeats.</summary>
    public float Repeating(double phase) => At((float)(phase - (long)phase));
}
