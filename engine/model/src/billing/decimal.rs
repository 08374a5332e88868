//! Exact decimal numbers, for quantities and prices.
//!
//! A sum of binary fractions drifts: ten times 0.1 is not 1, and rounded up it would bill one user
//! too many. So a number is counted in millionths. What comes with more places is rounded to the
//! nearest millionth, which also takes the noise out of fractions that were computed elsewhere.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Neg, Sub};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Millionths in one.
const ONE: i64 = 1_000_000;

/// Decimal places.
const PLACES: usize = 6;

/// A decimal number with six places, from -1,000,000,000 to 1,000,000,000 when read. Sums saturate
/// far beyond that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(i64);

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The largest that is read. Larger ones are a mistake of whoever counts, and numbers up to
    /// here survive JSON, whose readers know 15 digits.
    pub const MAX: Self = Self(1_000_000_000 * ONE);

    /// A whole number.
    #[must_use]
    pub const fn whole(number: i64) -> Self {
        Self(number.saturating_mul(ONE))
    }

    /// Reads digits with an optional sign and decimal point.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if before.is_empty() || !all_digits(before) || !all_digits(after) {
            return None;
        }
        let whole: i64 = before.parse().ok()?;
        let places = after.get(..PLACES).unwrap_or(after);
        let mut millionths = format!("{places:0<PLACES$}").parse::<i64>().ok()?;
        if after
            .as_bytes()
            .get(PLACES)
            .is_some_and(|next| *next >= b'5')
        {
            millionths += 1;
        }
        let value = whole.checked_mul(ONE)?.checked_add(millionths)?;
        let value = Self(if negative { -value } else { value });
        (value.abs() <= Self::MAX).then_some(value)
    }

    /// So many times `price`, to the nearest millionth.
    #[must_use]
    pub fn times(self, price: Self) -> Self {
        let product = i128::from(self.0) * i128::from(price.0);
        let nearest = (product + i128::from(ONE / 2)).div_euclid(i128::from(ONE));
        let limit = if nearest < 0 { i64::MIN } else { i64::MAX };
        Self(i64::try_from(nearest).unwrap_or(limit))
    }

    /// Without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// Whether it is 0.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is below 0.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The next whole number that is not below it.
    #[must_use]
    pub const fn up(self) -> Self {
        let down = self.down();
        if down.0 == self.0 {
            down
        } else {
            Self(down.0.saturating_add(ONE))
        }
    }

    /// The next whole number that is not above it.
    #[must_use]
    pub const fn down(self) -> Self {
        Self(self.0.div_euclid(ONE) * ONE)
    }

    /// The nearest whole number; halves go up.
    #[must_use]
    pub const fn nearest(self) -> Self {
        Self(self.0.saturating_add(ONE / 2)).down()
    }

    /// Whether it is more than `percent` of `of`, which is not below 0.
    pub fn exceeds_share(self, percent: u32, of: Self) -> bool {
        i128::from(self.0) * 100 > i128::from(of.0) * i128::from(percent)
    }
}

impl Add for Decimal {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Decimal {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Decimal {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl Sum for Decimal {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_negative() { "-" } else { "" };
        let (whole, rest) = (
            self.0.unsigned_abs() / 1_000_000,
            self.0.unsigned_abs() % 1_000_000,
        );
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let places = format!("{rest:06}");
        write!(f, "{sign}{whole}.{}", places.trim_end_matches('0'))
    }
}

/// A JSON number: a whole one without a decimal point, because some PSAs take no other.
impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % ONE == 0 {
            return serializer.serialize_i64(self.0 / ONE);
        }
        // The shortest text of this double is the text it was read from: up to 15 digits survive.
        let double = self
            .to_string()
            .parse()
            .map_err(serde::ser::Error::custom)?;
        serializer.serialize_f64(double)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Decimal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a number between -{0} and {0}", Decimal::MAX)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Decimal, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Decimal, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Decimal, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
                let read = Decimal::parse(text);
                read.ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;

    fn of(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn ten_tenths_are_one_and_not_a_bit_more() {
        let sum: Decimal = std::iter::repeat_n(of("0.1"), 10).sum();
        assert_eq!((sum, sum.up()), (Decimal::whole(1), Decimal::whole(1)));
    }

    #[test]
    fn noise_beyond_a_millionth_is_not_billed() {
        assert_eq!(of("2.0000000001").up(), Decimal::whole(2));
        assert_eq!(of("1.9999999999"), Decimal::whole(2));
        assert_eq!(of("2.000001").up(), Decimal::whole(3));
    }

    #[test]
    fn rounding_goes_to_whole_numbers_on_both_sides_of_zero() {
        for (text, up, nearest, down) in [
            ("1.5", 2, 2, 1),
            ("1.4", 2, 1, 1),
            ("-1.5", -1, -1, -2),
            ("3", 3, 3, 3),
        ] {
            let all = (of(text).up(), of(text).nearest(), of(text).down());
            assert_eq!(
                all,
                (
                    Decimal::whole(up),
                    Decimal::whole(nearest),
                    Decimal::whole(down)
                )
            );
        }
    }

    #[test]
    fn json_keeps_every_place_and_whole_numbers_whole() {
        for text in ["0", "-3", "0.17", "1.8", "999999999.999999", "0.000001"] {
            let json = serde_json::to_string(&of(text)).unwrap();
            let read: Decimal = serde_json::from_str(&json).unwrap();
            assert_eq!((read, read.to_string().as_str()), (of(text), text));
        }
        assert_eq!(serde_json::to_string(&of("5.0")).unwrap(), "5");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", ".5", "1.2.3", "1e3", "1000000001", "٣", "NaN"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }
}
