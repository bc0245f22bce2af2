using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// Whether what is taken for the fetus may be the mother: the beats lie in hers, or both rates have been alike for 10 s. It ends when the rates part; while the fetus is lost it stays for 30 s,
/// since two hearts of one rate hide each other for as long as they beat together.
/// </summary>
internal sealed class Coincidence
{
    private const double Alike = 4, Apart = 6;          // per minute
    private const int ToBegin = 5, ToEnd = 2, MostLost = 15;    // windows
    private int _alike, _apart, _lost;
    private bool _isOn;

    /// <summary>Takes a window; whether there is a coincidence.</summary>
    /// <param name="areHers">Whether the beats lie in hers.</param>
    /// <param name="mother">Her rate, NaN where it is not certain.</param>
    /// <param name="fetus">The fetal rate, NaN where it is not certain.</param>
    public bool Next(bool areHers, double mother, double fetus)
    {
        var difference = Math.Abs(mother - fetus);
        _alike = difference <= Alike ? Math.Min(_alike + 1, ToBegin) : 0;
        _apart = difference > Apart ? Math.Min(_apart + 1, ToEnd) : 0;
        _lost = double.IsNaN(difference) ? Math.Min(_lost + 1, MostLost) : 0;
        if (areHers || _alike >= ToBegin)
            _isOn = true;
        else if (_apart >= ToEnd || _lost >= MostLost)
            _isOn = false;
        return _isOn;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => (_alike, _apart, _lost, _isOn) = (0, 0, 0, false);

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Within(ref _alike, 0, ToBegin);
        state.Within(ref _apart, 0, ToEnd);
        state.Within(ref _lost, 0, MostLost);
        state.Value(ref _isOn);
    }
}
