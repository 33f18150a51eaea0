using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using AaClip.Cli.Operate;
using AaClip.Pipeline.Operations;

namespace AaClip.Cli.Tests;

/// <summary>
/// Every option of every verb that takes a number: strict, the same in every culture, and one line when it cannot be read.
/// </summary>
public sealed class OptionValuesTests
{
    private static readonly string[] NoNumbers =
    [
        "abc",
        "1 000",
        "1,000",
        "0,5",
        "NaN",
        "Infinity",
        "1e400",
        "-1e400",
        "",
        " ",
        " 1",
        "1 ",
        "0x10",
        "１２",
        "١٢",
        "1_000",
        "--",
        "1.2.3",
    ];

    private static readonly Type[] Numbers =
    [
        typeof(int),
        typeof(long),
        typeof(float),
        typeof(double),
        typeof(decimal),
        typeof(Rate),
        typeof(DateTimeOffset),
        typeof(TimeSpan),
    ];

    /// <summary>"verb --option" of each.</summary>
    public static TheoryData<string> Numeric =>
        [.. All().Where(o => IsNumber(o.Option)).Select(o => string.Join(' ', [.. o.Path, o.Option.Name]))];

    /// <summary>"verb --option" of each that takes a value.</summary>
    public static TheoryData<string> Valued =>
        [
            .. All()
                .Where(o => o.Option.ValueType != typeof(bool) && o.Option.Arity.MinimumNumberOfValues > 0)
                .Select(o => string.Join(' ', [.. o.Path, o.Option.Name])),
        ];

    [Fact]
    public void There_are_at_least_40_numeric_options() => Assert.True(Numeric.Count >= 40, $"{Numeric.Count}");

    [Theory]
    [MemberData(nameof(Numeric))]
    public void What_is_no_number_is_refused_by_name_in_every_culture(string option)
    {
        string[] words = option.Split(' ');
        foreach (CultureInfo culture in (CultureInfo[])[CultureInfo.InvariantCulture, German()])
        {
            CultureInfo before = CultureInfo.CurrentCulture;
            CultureInfo.CurrentCulture = culture;
            try
            {
                foreach (string value in NoNumbers)
                {
                    string told = Misuse.Find(Verbs.All().Parse([.. words, value])) ?? "nothing";

                    Assert.StartsWith(
                        value == "--" ? $"{words[^1]} needs a value." : $"{words[^1]} is '{value}', expected ",
                        told,
                        StringComparison.Ordinal
                    );
                    Assert.DoesNotContain('\n', told);
                    Assert.DoesNotContain("System", told, StringComparison.Ordinal);
                    Assert.DoesNotContain("Nullable", told, StringComparison.Ordinal);
                }
            }
            finally
            {
                CultureInfo.CurrentCulture = before;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Numeric))]
    public void A_value_within_its_limits_is_taken_in_every_culture(string option)
    {
        string[] words = option.Split(' ');
        Option named = All().Single(o => string.Join(' ', [.. o.Path, o.Option.Name]) == option).Option;
        string value =
            named.HasDefaultValue && named.GetDefaultValue() is { } known and not Array
                ? Convert.ToString(known, CultureInfo.InvariantCulture)! // a number always has a text
            : named.ValueType == typeof(DateTimeOffset?) ? "2h"
            : named.ValueType == typeof(Rate?) ? "2/s"
            : named.ValueType == typeof(double?) || named.ValueType == typeof(float?) ? "0.25"
            : "3";
        CultureInfo before = CultureInfo.CurrentCulture;
        foreach (CultureInfo culture in (CultureInfo[])[CultureInfo.InvariantCulture, German()])
        {
            CultureInfo.CurrentCulture = culture;
            try
            {
                ParseResult parsed = Verbs.All().Parse([.. words, value]);

                Assert.DoesNotContain(
                    parsed.Errors,
                    e => (e.SymbolResult as OptionResult ?? e.SymbolResult?.Parent as OptionResult) is { Implicit: false }
                );
            }
            finally
            {
                CultureInfo.CurrentCulture = before;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Valued))]
    public void An_option_without_its_value_is_reported(string option) =>
        Assert.Equal($"{option.Split(' ')[^1]} needs a value.", Misuse.Find(Verbs.All().Parse(option.Split(' '))));

    [Theory]
    [InlineData("aaclip: --port is 'abc', expected a whole number from 0 to 65535.", "up", "--port", "abc")]
    [InlineData(
        "aaclip: --threads is 'abc', expected a whole number from 0 to 1024.",
        "score",
        "--model",
        "m",
        "--class",
        "c",
        "a.png",
        "--threads",
        "abc"
    )]
    [InlineData(
        "aaclip: --map-threshold is '1 000', expected a number.",
        "score",
        "--model",
        "m",
        "--class",
        "c",
        "a.png",
        "--map-threshold",
        "1 000"
    )]
    [InlineData(
        "aaclip: --levels is '6,12', expected a whole number from 1 to 1000.",
        "import",
        "--clip",
        "c",
        "--out",
        "o",
        "--levels",
        "6,12"
    )]
    [InlineData("aaclip: --verdict is 'bad', expected normal, anomalous or failed.", "rescore", "--model", "m", "--verdict", "bad")]
    [InlineData("aaclip: --precision is '1', expected fp32, fp16 or int8.", "import", "--clip", "c", "--out", "o", "--precision", "1")]
    [InlineData("aaclip: 'aaclip' has no verb 'socre': did you mean 'score'? See 'aaclip --help'.", "socre")]
    [InlineData("aaclip: 'aaclip jobs' has no verb 'folow': did you mean 'follow'? See 'aaclip jobs --help'.", "jobs", "folow", "x")]
    [InlineData(
        "aaclip: 'aaclip score' has no option '--thread': did you mean '--threads' or '--threshold' or '--legend'? See "
            + "'aaclip score --help'.",
        "score",
        "--thread",
        "3"
    )]
    [InlineData("aaclip: --model and --class are missing. See 'aaclip score --help'.", "score", "a.png")]
    public void The_program_says_one_line_and_ends_with_2(string expected, params string[] arguments)
    {
        Aaclip.Result result = Aaclip.Run(null, arguments, environment: [new("LANG", "de_DE.UTF-8"), new("LC_ALL", "de_DE.UTF-8")]);

        Assert.Equal((2, "", expected + "\n"), (result.Code, result.Output, result.Error));
    }

    [Theory]
    [InlineData("score", "socre", 1)]
    [InlineData("score", "score", 0)]
    [InlineData("up", "", 2)]
    [InlineData("watch", "match", 1)]
    [InlineData("drop", "run", 3)]
    public void Distance_counts_letters_that_differ(string a, string b, int expected) => Assert.Equal(expected, Misuse.Distance(a, b));

    // The program has only the invariant culture; its own de-DE would write 0,5 and 1.000 like this.
    private static CultureInfo German()
    {
        CultureInfo german = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (german.NumberFormat.NumberDecimalSeparator, german.NumberFormat.NumberGroupSeparator) = (",", ".");
        return german;
    }

    private static bool IsNumber(Option option)
    {
        Type type = option.ValueType.IsArray ? option.ValueType.GetElementType()! : option.ValueType; // an array has an element type
        return Numbers.Contains(Nullable.GetUnderlyingType(type) ?? type);
    }

    private static IEnumerable<(string[] Path, Option Option)> All() => Below(Verbs.All(), []);

    private static IEnumerable<(string[] Path, Option Option)> Below(Command command, string[] path) =>
        command.Options.Select(o => (path, o)).Concat(command.Subcommands.SelectMany(c => Below(c, [.. path, c.Name])));
}
