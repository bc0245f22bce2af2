using System.Globalization;

namespace Pipeline.Training.Pressure;

/// <summary>
/// Errors of one pressure by one predictor, and what the rules for blood pressure meters say of them: AAMI/ANSI/ISO 81060-2 (mean at most 5, standard deviation at most 8 mmHg, 85 persons or more) and
/// the British Hypertension Society's grades (O'Brien et al. 1993, J Hypertens 11:S43-S62).
/// </summary>
/// <param name="Count">Windows.</param>
/// <param name="Absolute">Sum of the absolute errors, mmHg.</param>
/// <param name="Sum">Sum of the errors.</param>
/// <param name="Squares">Sum of their squares.</param>
/// <param name="Within5">Windows within 5 mmHg.</param>
/// <param name="Within10">Within 10.</param>
/// <param name="Within15">Within 15.</param>
public readonly record struct PressureErrors(double Count, double Absolute, double Sum, double Squares, double Within5, double Within10, double Within15)
{
    private const double MostMean = 5, MostDeviation = 8;
    private const int LeastPersons = 85;
    private static readonly (string Grade, double Within5, double Within10, double Within15)[] Grades = [("A", 60, 85, 95), ("B", 50, 75, 90), ("C", 40, 65, 85)];

    /// <summary>Mean absolute error.</summary>
    public double MeanAbsolute => Absolute / Count;

    /// <summary>Root mean square.</summary>
    public double RootMeanSquare => Math.Sqrt(Squares / Count);

    /// <summary>Mean.</summary>
    public double Mean => Sum / Count;

    /// <summary>Standard deviation.</summary>
    public double Deviation => Math.Sqrt(Math.Max(0, Squares / Count - Mean * Mean));

    /// <summary>The British Hypertension Society's grade: A to D.</summary>
    public string Grade
    {
        get
        {
            var (five, ten, fifteen) = (100 * Within5 / Count, 100 * Within10 / Count, 100 * Within15 / Count);
            return Grades.FirstOrDefault(grade => five >= grade.Within5 && ten >= grade.Within10 && fifteen >= grade.Within15).Grade ?? "D";
        }
    }

    /// <summary>The errors of <paramref name="errors"/>.</summary>
    public static PressureErrors Of(IEnumerable<double> errors)
    {
        var sum = default(PressureErrors);
        foreach (var error in errors)
        {
            var size = Math.Abs(error);
            sum += new PressureErrors(1, size, error, error * error, size <= 5 ? 1 : 0, size <= 10 ? 1 : 0, size <= 15 ? 1 : 0);
        }
        return sum;
    }

    /// <summary>Both together.</summary>
    public static PressureErrors operator +(PressureErrors a, PressureErrors b) => new(
        a.Count + b.Count, a.Absolute + b.Absolute, a.Sum + b.Sum, a.Squares + b.Squares, a.Within5 + b.Within5, a.Within10 + b.Within10, a.Within15 + b.Within15);

    /// <summary>What AAMI/ISO 81060-2 says of errors of so many persons.</summary>
    public string Verdict(int persons) =>
        !(Math.Abs(Mean) <= MostMean && Deviation <= MostDeviation) ? "fails AAMI/ISO 81060-2"
        : persons < LeastPersons ? FormattableString.Invariant($"within AAMI/ISO 81060-2's mean and SD, but {persons} persons of {LeastPersons}") : "meets AAMI/ISO 81060-2";

    /// <summary>In a line.</summary>
    public string Text(int persons) => Count == 0 ? "–" : string.Create(CultureInfo.InvariantCulture,
        $"MAE {MeanAbsolute:F1}, RMSE {RootMeanSquare:F1}, {Mean:F1} ± {Deviation:F1} mmHg, {Verdict(persons)}, BHS {Grade}");
}
