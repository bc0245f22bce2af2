namespace Pipeline.Models.Simulation;

/// <summary>
/// How the fetus lies to the abdominal leads: the weights of its heart's axes in each lead turn while it moves, and fall under vernix and
/// where the signal is lost.
/// </summary>
internal sealed class FetalPosition
{
    private const int Axes = DipoleHeart.AxisCount;
    private const double MostTurn = 70;   // degrees

    private readonly LabourScenario _labour;
    private readonly float[] _leads;                      // [leads x axes]: sensitivities of the leads in their own frame
    private readonly double[] _angles = new double[3];    // radians: roll, pitch, yaw
    private readonly double[] _turns = new double[3];     // radians a second, while it moves
    private readonly List<LabourEvent> _ended = [];
    private NoiseSource _noise;
    private RateChange _movement = RateChange.None;
    private RateChange _vernix = RateChange.None;

    public FetalPosition(LabourScenario labour, NoiseSource noise, int leads)
    {
        (_labour, _noise) = (labour, noise);
        _leads = new float[leads * Axes];
        var drawn = _noise.Uniform(16, 36);
        var size = (double.IsNaN(labour.FetalSize) ? drawn : labour.FetalSize) / 1000;
        for (var lead = 0; lead < leads; lead++)
            Direction(_leads.AsSpan(lead * Axes, Axes), size * _noise.Uniform(0.6, 1.25));
        for (var i = 0; i < _angles.Length; i++)
            _angles[i] = _noise.Uniform(-Math.PI, Math.PI);
        (Weights, NextWeights) = (new float[_leads.Length], new float[_leads.Length]);
        Turn(NextWeights);
    }

    /// <summary>Weights at the beginning of the second, mV a unit, [leads x axes].</summary>
    public float[] Weights { get; }

    /// <summary>Weights at its end.</summary>
    public float[] NextWeights { get; }

    /// <summary>Part of the usual amplitude at the beginning of the second, vernix and lost signal together.</summary>
    public double Strength { get; private set; } = 1;

    /// <summary>The same at its end.</summary>
    public double NextStrength { get; private set; } = 1;

    /// <summary>Whether it moves.</summary>
    public bool IsMoving => _movement.Size > 0;

    /// <summary>What ended in the second before.</summary>
    public IReadOnlyList<LabourEvent> Ended => _ended;

    /// <summary>Goes on to a second; <paramref name="lost"/> is the part of the signal that is lost at its end.</summary>
    public void MoveTo(double second, double lost)
    {
        _ended.Clear();
        End(ref _movement, second);
        End(ref _vernix, second);
        Begin(second);
        NextWeights.CopyTo(Weights, 0);
        Strength = NextStrength;
        NextStrength = (1 - (1 - (_vernix.Size > 0 ? _vernix.Size : 1)) * _vernix.PartAt(second + 1)) * (1 - lost);
        if (!IsMoving)
            return;
        for (var i = 0; i < _angles.Length; i++)
            _angles[i] += _turns[i];
        Turn(NextWeights);
    }

    private void Begin(double second)
    {
        var drawn = _noise.Uniform() * 3600;
        if ((drawn -= _labour.MovementsPerHour) < 0 && !IsMoving)
        {
            var length = Math.Round(_noise.Uniform(4, 15));
            var most = 0.0;
            for (var i = 0; i < _turns.Length; i++)
            {
                var degrees = _noise.Uniform(-MostTurn, MostTurn);
                _turns[i] = degrees * (Math.PI / 180) / length;
                most = Math.Max(most, Math.Abs(degrees));
            }
            _movement = new(LabourEventKind.FetalMovement, second, second, second + length, second + length, most);
        }
        else if (drawn >= 0 && drawn - _labour.VernixPerHour < 0 && _vernix.Size <= 0)
        {
            var end = second + _noise.Uniform(120, 360);
            _vernix = new(LabourEventKind.Vernix, second, second + 20, end - 20, end, _noise.Uniform(0.3, 0.6));
        }
    }

    private void End(ref RateChange change, double second)
    {
        if (change.Size <= 0 || change.End > second)
            return;
        _ended.Add(change.Event);
        change = RateChange.None;
    }

    /// <summary>A direction drawn evenly on the sphere, of length <paramref name="size"/>.</summary>
    private void Direction(Span<float> to, double size)
    {
        var z = _noise.Uniform(-1, 1);
        var (sin, cos) = Math.SinCos(_noise.Uniform(0, 2 * Math.PI));
        var flat = Math.Sqrt(1 - z * z);
        (to[0], to[1], to[2]) = ((float)(size * flat * cos), (float)(size * flat * sin), (float)(size * z));
    }

    /// <summary>The leads' sensitivities to the axes of a heart that is turned by the angles: weights = leads x R(roll, pitch,
    /// yaw).</summary>
    private void Turn(Span<float> weights)
    {
        var ((sr, cr), (sp, cp), (sy, cy)) = (Math.SinCos(_angles[0]), Math.SinCos(_angles[1]), Math.SinCos(_angles[2]));
        ReadOnlySpan<double> turn =
        [
            cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr,
            sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr,
            -sp, cp * sr, cp * cr,
        ];
        for (var lead = 0; lead < _leads.Length / Axes; lead++)
            for (var axis = 0; axis < Axes; axis++)
            {
                var sum = 0.0;
                for (var k = 0; k < Axes; k++)
                    sum += _leads[lead * Axes + k] * turn[k * Axes + axis];
                weights[lead * Axes + axis] = (float)sum;
            }
    }
}
