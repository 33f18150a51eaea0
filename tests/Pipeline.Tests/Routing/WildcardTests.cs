using System.Text.RegularExpressions;
using AaClip.Pipeline.Routing;

namespace AaClip.Pipeline.Tests.Routing;

public class WildcardTests
{
    [Fact]
    public void It_agrees_with_a_regular_expression_on_random_texts()
    {
        Random random = new(1);
        for (int i = 0; i < 20_000; i++)
        {
            string pattern = Text(random, "ab*"),
                text = Text(random, "abA");
            bool ignoreCase = random.Next(2) == 0;
            string expression = $"^{Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal)}$";

            bool matches = Wildcard.Matches(pattern, text, ignoreCase);

            Assert.True(
                Regex.IsMatch(text, expression, ignoreCase ? RegexOptions.IgnoreCase : RegexOptions.None) == matches,
                $"'{pattern}' and '{text}', ignoring case {ignoreCase}: {matches}"
            );
        }
    }

    private static string Text(Random random, string letters) =>
        string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => letters[random.Next(letters.Length)]));
}
