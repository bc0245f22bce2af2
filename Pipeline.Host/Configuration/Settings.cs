using System.Collections;
using System.CommandLine;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Pipeline.Host.Errors;

namespace Pipeline.Host.Configuration;

/// <summary>
/// Where settings come from, later ones winning: <c>appsettings.json</c> beside the program, the one in the working directory,
/// <c>--config</c>, environment variables (<c>Kafka__BootstrapServers</c>, then <c>PIPELINE_Kafka__BootstrapServers</c>), <c>--set</c>.
/// </summary>
internal static class Settings
{
    private const string FileName = "appsettings.json";
    private const string EnvironmentPrefix = "PIPELINE_";

    /// <summary>All settings for the command line that was typed.</summary>
    /// <exception cref="CommandException">A file is missing or is not JSON, <c>--set</c> holds no <c>KEY=VALUE</c>, or a key is unknown.</exception>
    public static IConfigurationRoot Load(ParseResult parsed, params ReadOnlySpan<(string Key, string? Value)> flags)
    {
        List<string> assignments = [.. parsed.GetValue(SettingsOptions.Set) ?? []];
        foreach (var (key, value) in flags)
            if (value is not null)
                assignments.Add($"{key}={value}");
        var configuration = Load(parsed.GetValue(SettingsOptions.File)?.FullName, assignments);
        return UnknownKeys.Find(configuration, FromEnvironment(new ConfigurationBuilder()).Build()).ToArray() is { Length: > 0 } unknown
            ? throw CommandException.BadUsage(string.Join(Environment.NewLine, unknown))
            : configuration;
    }

    /// <summary>All settings, with one more file and single ones.</summary>
    public static IConfigurationRoot Load(string? file, IEnumerable<string> assignments)
    {
        if (file is not null && !File.Exists(file))
            throw CommandException.BadUsage($"--config {file}: there is no such file.");
        var builder = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(AppContext.BaseDirectory, FileName), optional: true)
            .AddJsonFile(Path.Combine(Environment.CurrentDirectory, FileName), optional: true);
        if (file is not null)
            builder.AddJsonFile(Path.GetFullPath(file), optional: false);
        FromEnvironment(builder).AddInMemoryCollection(Fold(assignments));
        try
        {
            return builder.Build();
        }
        catch (InvalidDataException fault)
        {
            throw CommandException.BadUsage($"{fault.Message} {fault.InnerException?.Message}".TrimEnd());
        }
    }

    /// <summary>
    /// Section <paramref name="section"/> as a <typeparamref name="T"/>, checked: a key that nothing reads, a value that cannot be read, or
    /// one out of its range is named with its value and what is allowed.
    /// </summary>
    /// <exception cref="CommandException">With all faults of the section, one a line.</exception>
    public static T Bind<T>(IConfiguration configuration, string section) where T : class, new() =>
        TryBind<T>(configuration, section, out var options) is { Count: > 0 } faults
            ? throw CommandException.BadUsage(string.Join(Environment.NewLine, faults))
            : options;

    /// <summary>The same; answers the faults, none when <paramref name="options"/> can be used.</summary>
    public static IReadOnlyList<string> TryBind<T>(IConfiguration configuration, string section, out T options) where T : class, new()
    {
        options = new T();
        string[] unknown = [.. UnknownKeys.FindIn(configuration.GetSection(section), typeof(T))];
        if (unknown.Length > 0)
            return unknown;
        try
        {
            configuration.GetSection(section).Bind(options);
        }
        catch (InvalidOperationException fault)
        {
            return [DescribeBinding(fault, typeof(T), section, configuration)];
        }
        return [.. FindFaults(options, section)];
    }

    /// <summary>What is wrong with options that were set by hand or bound: <c>Section:Key is 'value'; allowed: …</c>.</summary>
    public static IEnumerable<string> FindFaults(object options, string section)
    {
        foreach (var property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanRead && p.GetIndexParameters().Length == 0))
        {
            var value = property.GetValue(options);
            foreach (var rule in property.GetCustomAttributes<ValidationAttribute>())
                if (rule.GetValidationResult(value, new ValidationContext(options) { MemberName = property.Name }) is { } fault)
                    yield return $"{section}:{property.Name} is {Show(property.Name, value)}; {Allowed(rule) ?? fault.ErrorMessage}";
        }
        if (options is IValidatableObject crossChecked)
            foreach (var fault in crossChecked.Validate(new ValidationContext(options)))
                yield return $"{string.Join(", ", fault.MemberNames.Select(name => $"{section}:{name} is {Show(name, options.GetType().GetProperty(name)?.GetValue(options))}"))}; {fault.ErrorMessage}";
    }

    private static IConfigurationBuilder FromEnvironment(IConfigurationBuilder builder) => builder.AddEnvironmentVariables().AddEnvironmentVariables(EnvironmentPrefix);

    private static Dictionary<string, string?> Fold(IEnumerable<string> assignments)
    {
        var folded = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in assignments.Select(Parse))
            folded[key] = value;
        return folded;
    }

    private static KeyValuePair<string, string?> Parse(string assignment)
    {
        var split = assignment.IndexOf('=', StringComparison.Ordinal);
        return split > 0
            ? new(assignment[..split].Replace("__", ":", StringComparison.Ordinal), assignment[(split + 1)..])
            : throw CommandException.BadUsage($"--set {assignment}: KEY=VALUE is wanted, for example --set Kafka:BootstrapServers=kafka:9092.");
    }

    /// <summary>The binder's own text names key and value; what is allowed is added from the property.</summary>
    private static string DescribeBinding(InvalidOperationException fault, Type type, string section, IConfiguration configuration)
    {
        foreach (var property in type.GetProperties())
        {
            var key = $"{section}:{property.Name}";
            if (!fault.Message.Contains($"'{key}'", StringComparison.OrdinalIgnoreCase))
                continue;
            var rule = property.GetCustomAttributes<ValidationAttribute>().Select(Allowed).FirstOrDefault(text => text is not null);
            return $"{key} is {Show(property.Name, configuration[key])}; {rule ?? $"allowed: {KindOf(property.PropertyType)}"}";
        }
        return fault.Message.Replace(Environment.NewLine, " ", StringComparison.Ordinal);
    }

    private static string? Allowed(ValidationAttribute rule) => rule switch
    {
        { ErrorMessage: { } text } => text,
        RangeAttribute range => string.Create(CultureInfo.InvariantCulture, $"allowed: {range.Minimum} to {range.Maximum}"),
        RequiredAttribute => "a value is needed",
        AllowedValuesAttribute allowed => $"allowed: {string.Join(", ", allowed.Values)}",
        MinLengthAttribute least => string.Create(CultureInfo.InvariantCulture, $"at least {least.Length} are needed"),
        _ => null,
    };

    private static string KindOf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsEnum)
            return string.Join(", ", Enum.GetNames(type));
        return type == typeof(TimeSpan) ? "a time, hh:mm:ss" : type == typeof(bool) ? "true, false" : type == typeof(double) ? "a number" : type == typeof(int) || type == typeof(long) ? "a whole number" : type.Name;
    }

    /// <summary>The value as it is shown; a secret is not.</summary>
    private static string Show(string name, object? value) => value switch
    {
        null => "not set",
        string { Length: > 0 } when IsSecret(name) => "set",
        string text => $"'{text}'",
        IDictionary named => $"'{string.Join(", ", named.Keys.Cast<object>())}'",   // values may be secrets
        IEnumerable many => $"'{string.Join(", ", many.Cast<object>())}'",
        _ => string.Create(CultureInfo.InvariantCulture, $"'{value}'"),
    };

    private static bool IsSecret(string name) => !name.EndsWith("File", StringComparison.Ordinal)
        && (name.Contains("Token", StringComparison.Ordinal) || name.Contains("Password", StringComparison.Ordinal) || name.Contains("Secret", StringComparison.Ordinal));
}
