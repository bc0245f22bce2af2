using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Wire;

/// <summary>
/// What a patient's pseudonym may look like. A pattern of the operator's decides alone; without one, what looks like a name or a date of birth is
/// refused: other characters than letters, digits and <c>-_.:/+@#=~</c> (spaces and commas part the words of names), two or more words or a
/// capitalised one without any digit, a date. Of the numbers of eight digits one in 500 is a date in one of the three orders and is refused, too: it cannot
/// be told from a date of birth, which must not get into points and logs. Nothing that it says repeats the pseudonym.
/// </summary>
public sealed partial class PseudonymForm
{
    /// <summary>The setting that changes it, for messages.</summary>
    internal const string Setting = "Kafka:PatientPattern";

    private const string Marks = "-_.:/+@#=~";
    private const int FirstYear = 1890, LastYear = 2100;
    private static readonly string[] Dates = ["yyyyMMdd", "ddMMyyyy", "MMddyyyy"];

    private readonly Regex? _pattern;

    /// <summary>Takes a pattern; empty: the form without one.</summary>
    /// <param name="pattern">A regular expression that the whole pseudonym matches; without look-around and back references, so that its time is linear.</param>
    /// <exception cref="ArgumentException">It is no such expression.</exception>
    public PseudonymForm(string pattern = "")
    {
        ArgumentNullException.ThrowIfNull(pattern);
        try
        {
            const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
            _ = new Regex(pattern, Options);    // a fault is told of what was typed
            _pattern = pattern.Length == 0 ? null : new Regex($@"\A(?:{pattern})\z", Options);
        }
        catch (NotSupportedException fault)
        {
            throw new ArgumentException(fault.Message, nameof(pattern), fault);
        }
    }

    /// <summary>The form without a pattern.</summary>
    public static PseudonymForm Default { get; } = new();

    /// <summary>Why <paramref name="pseudonym"/> is refused, without repeating it; null when it is not.</summary>
    public string? FindFault(string pseudonym)
    {
        ArgumentNullException.ThrowIfNull(pseudonym);
        if (_pattern is not null)
            return _pattern.IsMatch(pseudonym) ? null : $"the patient is not of the form of {Setting}";
        if (!pseudonym.All(c => char.IsLetterOrDigit(c) || char.IsSurrogate(c) || Marks.Contains(c, StringComparison.Ordinal)))
            return $"the patient has a space, comma or mark as names have; a pseudonym is letters, digits and {Marks}, or of the form of {Setting}";
        if (LooksLikeName(pseudonym))
            return $"the patient looks like a name; a pseudonym is wanted. Where pseudonyms look so, set {Setting} to their form";
        return LooksLikeDate(pseudonym)
            ? $"the patient looks like a date of birth; a pseudonym is wanted. Where pseudonyms are numbers, set {Setting} to their form: [0-9]{{8}}, for example"
            : null;
    }

    /// <summary>The same text when it is a pseudonym, else one made of its hash: always the same, and telling nothing.</summary>
    internal string Fit(string text) => PatientId.IsValid(text) && FindFault(text) is null
        ? text
        : $"p-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)).AsSpan(0, 6))}";

    private static bool LooksLikeName(string text)
    {
        if (text.Any(char.IsDigit))
            return false;
        var words = Word().Matches(text).Select(word => word.Value).ToArray();
        return words.Length > 1 || (words is [var word] && char.IsUpper(word[0]) && word.Skip(1).All(char.IsLower));
    }

    private static bool LooksLikeDate(string text) =>
        DateWithYear().IsMatch(text) || ShortDate().IsMatch(text) || Dates.Any(form =>
            DateTime.TryParseExact(text, form, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) && date.Year is >= FirstYear and < LastYear);

    [GeneratedRegex(@"\p{L}{2,}")]
    private static partial Regex Word();

    [GeneratedRegex(@"(?<!\d)(?:(?:18|19|20)\d\d([-./_])[01]?\d\1[0-3]?\d|[0-3]?\d([-./_])[0-3]?\d\2(?:18|19|20)\d\d)(?!\d)")]
    private static partial Regex DateWithYear();

    [GeneratedRegex(@"\A[0-3]?\d([-./_])[0-3]?\d\1\d\d\z")]
    private static partial Regex ShortDate();
}
