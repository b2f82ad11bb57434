<?php
/**
 * Plugin Name: Moderato
 * Description: Comments are judged by a Moderato service before they are stored. One file for wp-content/mu-plugins.
 * Version:     1.0
 * License:     MIT
 *
 * Settings are constants of wp-config.php:
 *
 *   define( 'MODERATO_URL', 'https://comments.example' );   // where the service is
 *   define( 'MODERATO_KEY', 'mod_…' );                      // a key with the scopes submit and moderate
 *   define( 'MODERATO_WEBHOOK_SECRET', 'whsec_…' );         // printed by `moderato webhook set`
 *   define( 'MODERATO_TIMEOUT', 5 );                        // seconds; may be left out
 *
 * approve publishes a comment (unless every comment is to be approved by hand), hold leaves it pending, reject puts it into the
 * spam folder. While the service does not answer, comments are pending and asked about again. What a moderator decides on
 * either side is told to the other; the latest decision counts.
 */

defined( 'ABSPATH' ) || exit;

final class Moderato {
	/** Seconds until the service is asked again after it did not answer. */
	const ASK_AGAIN = array( 60, 300, 1800, 7200, 21600 );
	/** Seconds by which the clocks of a webhook's sender and receiver may differ. */
	const TOLERANCE = 300;

	/** What was answered about the comment that is being stored. */
	private static $answer = null;
	/** Whether a change comes from the service, so that it is not told about it. */
	private static $from_service = false;

	public static function start() {
		if ( ! defined( 'MODERATO_URL' ) || ! defined( 'MODERATO_KEY' ) ) {
			return;
		}
		add_filter( 'pre_comment_approved', array( __CLASS__, 'judge' ), 99, 2 );
		add_action( 'comment_post', array( __CLASS__, 'remember' ), 10, 1 );
		add_action( 'transition_comment_status', array( __CLASS__, 'tell' ), 10, 3 );
		add_action( 'moderato_ask', array( __CLASS__, 'ask_again' ), 10, 2 );
		add_action( 'moderato_tell', array( __CLASS__, 'tell_again' ), 10, 2 );
		add_action( 'rest_api_init', array( __CLASS__, 'routes' ) );
		add_filter( 'manage_edit-comments_columns', array( __CLASS__, 'columns' ) );
		add_action( 'manage_comments_custom_column', array( __CLASS__, 'column' ), 10, 2 );
	}

	/**
	 * Before a comment is stored: what is to become of it.
	 *
	 * @param int|string|WP_Error $approved What WordPress would do: 1, 0, 'spam', 'trash', or an error.
	 * @param array               $comment  The comment.
	 */
	public static function judge( $approved, $comment ) {
		self::$answer = null;
		if ( is_wp_error( $approved ) || 'spam' === $approved || 'trash' === $approved || current_user_can( 'moderate_comments' ) ) {
			return $approved;
		}
		$submission   = self::submission( $comment );
		self::$answer = self::call( 'POST', '/v1/comments', $submission, array( 'Idempotency-Key' => wp_generate_uuid4() ) );
		return is_wp_error( self::$answer ) ? 0 : self::status( self::$answer['decision'] );
	}

	/** After a comment was stored: what was said about it, and why. */
	public static function remember( $id ) {
		$answer       = self::$answer;
		self::$answer = null;
		if ( null === $answer ) {
			return;
		}
		if ( is_wp_error( $answer ) ) {
			update_comment_meta( $id, 'moderato_error', $answer->get_error_message() );
			wp_schedule_single_event( time() + self::ASK_AGAIN[0], 'moderato_ask', array( (int) $id, 0 ) );
			return;
		}
		self::keep( $id, $answer );
	}

	/** Asks about a comment that could not be judged when it came. */
	public static function ask_again( $id, $attempt ) {
		$comment = get_comment( $id );
		if ( ! $comment || get_comment_meta( $id, 'moderato_id', true ) ) {
			return;
		}
		$submission                 = self::submission( $comment->to_array() );
		$submission['external_id']  = 'wp-' . get_current_blog_id() . '-' . $id;
		$submission['submitted_at'] = gmdate( 'Y-m-d\TH:i:s\Z', strtotime( $comment->comment_date_gmt . ' UTC' ) );
		$answer                     = self::call( 'POST', '/v1/comments', $submission );
		if ( is_wp_error( $answer ) ) {
			update_comment_meta( $id, 'moderato_error', $answer->get_error_message() );
			$next = isset( self::ASK_AGAIN[ $attempt + 1 ] ) ? $attempt + 1 : $attempt;
			wp_schedule_single_event( time() + self::ASK_AGAIN[ $next ], 'moderato_ask', array( (int) $id, $next ) );
			return;
		}
		delete_comment_meta( $id, 'moderato_error' );
		self::keep( $id, $answer );
		// Whoever has decided in the meantime is not overruled; the service is told instead.
		if ( '0' === $comment->comment_approved ) {
			self::set_status( $id, self::status( $answer['decision'] ) );
		} else {
			self::tell( wp_get_comment_status( $id ), 'unapproved', get_comment( $id ) );
		}
	}

	/** A person changed a comment's status here: the service is told. */
	public static function tell( $new, $old, $comment ) {
		if ( self::$from_service || $new === $old || ! get_comment_meta( $comment->comment_ID, 'moderato_id', true ) ) {
			return;
		}
		self::tell_again( (int) $comment->comment_ID, 0 );
	}

	/** Tells the service the status that a comment has now. */
	public static function tell_again( $id, $attempt ) {
		$told   = array(
			'approved'   => array( 'status' => 'approved' ),
			'unapproved' => array( 'status' => 'held' ),
			'spam'       => array( 'status' => 'rejected', 'reason' => 'spam' ),
			'trash'      => array( 'status' => 'rejected', 'reason' => 'other' ),
		);
		$status = wp_get_comment_status( $id );
		$known  = get_comment_meta( $id, 'moderato_id', true );
		if ( ! $known || ! isset( $told[ $status ] ) ) {
			return;
		}
		$answer = self::call( 'PATCH', '/v1/comments/' . rawurlencode( $known ), $told[ $status ] );
		if ( is_wp_error( $answer ) ) {
			// What it does not know any more, or does not let this key change, it will not take later either.
			$lasting = in_array( $answer->get_error_code(), array( 'moderato_401', 'moderato_403', 'moderato_404' ), true );
			if ( ! $lasting && isset( self::ASK_AGAIN[ $attempt ] ) ) {
				wp_schedule_single_event( time() + self::ASK_AGAIN[ $attempt ], 'moderato_tell', array( (int) $id, $attempt + 1 ) );
			}
			return;
		}
		if ( isset( $answer['revision'] ) ) {
			update_comment_meta( $id, 'moderato_revision', (int) $answer['revision'] );
		}
	}

	public static function routes() {
		register_rest_route(
			'moderato/v1',
			'/webhook',
			array(
				'methods'             => 'POST',
				'callback'            => array( __CLASS__, 'webhook' ),
				'permission_callback' => array( __CLASS__, 'is_signed' ),
			)
		);
	}

	/** Whether a webhook is signed as the Standard Webhooks specification says, with our secret and just now. */
	public static function is_signed( WP_REST_Request $request ) {
		$id     = (string) $request->get_header( 'webhook-id' );
		$time   = (string) $request->get_header( 'webhook-timestamp' );
		$secret = defined( 'MODERATO_WEBHOOK_SECRET' ) ? MODERATO_WEBHOOK_SECRET : '';
		$key    = 0 === strpos( $secret, 'whsec_' ) ? base64_decode( substr( $secret, 6 ), true ) : false;
		if ( ! $key || ! ctype_digit( $time ) || abs( time() - (int) $time ) > self::TOLERANCE ) {
			return new WP_Error( 'moderato_signature', 'not signed, or not now', array( 'status' => 401 ) );
		}
		$expected = base64_encode( hash_hmac( 'sha256', $id . '.' . $time . '.' . $request->get_body(), $key, true ) );
		foreach ( explode( ' ', (string) $request->get_header( 'webhook-signature' ) ) as $signature ) {
			if ( hash_equals( 'v1,' . $expected, $signature ) ) {
				return true;
			}
		}
		return new WP_Error( 'moderato_signature', 'the signature is not ours', array( 'status' => 401 ) );
	}

	/** The service decided: the comment here follows. */
	public static function webhook( WP_REST_Request $request ) {
		$message = $request->get_json_params();
		if ( ! isset( $message['type'], $message['data']['comment']['id'] ) || 'comment.decided' !== $message['type'] ) {
			return array( 'done' => 'nothing' );
		}
		$told  = $message['data']['comment'];
		$found = get_comments(
			array(
				'meta_key'   => 'moderato_id',
				'meta_value' => (string) $told['id'],
				'number'     => 1,
				'status'     => array( 'approve', 'hold', 'spam', 'trash' ),
			)
		);
		if ( ! $found ) {
			return array( 'done' => 'unknown' );
		}
		$id = (int) $found[0]->comment_ID;
		if ( (int) $told['revision'] <= (int) get_comment_meta( $id, 'moderato_revision', true ) ) {
			return array( 'done' => 'older' );
		}
		update_comment_meta( $id, 'moderato_revision', (int) $told['revision'] );
		$reason = isset( $message['data']['reason'] ) ? $message['data']['reason'] : '';
		$status = array( 'approved' => 1, 'held' => 0, 'rejected' => 'spam' );
		if ( ! isset( $status[ $told['status'] ] ) ) {
			return array( 'done' => 'nothing' );
		}
		$wanted = $status[ $told['status'] ];
		if ( 'spam' === $wanted && '' !== $reason && 'spam' !== $reason ) {
			$wanted = 'trash';
		}
		self::set_status( $id, $wanted );
		return array( 'done' => wp_get_comment_status( $id ) );
	}

	public static function columns( $columns ) {
		return $columns + array( 'moderato' => 'Moderato' );
	}

	/** Why a comment is where it is, in the list of comments. */
	public static function column( $name, $id ) {
		if ( 'moderato' !== $name ) {
			return;
		}
		$error = get_comment_meta( $id, 'moderato_error', true );
		if ( $error ) {
			echo esc_html( 'not judged yet: ' . $error );
			return;
		}
		$decision = get_comment_meta( $id, 'moderato_decision', true );
		if ( $decision ) {
			echo '<strong>' . esc_html( $decision ) . '</strong>';
			foreach ( (array) get_comment_meta( $id, 'moderato_reasons', true ) as $reason ) {
				echo '<br><small>' . esc_html( sprintf( '%+.1f %s', $reason['score'], $reason['detail'] ) ) . '</small>';
			}
		}
	}

	/** A comment as the service wants it. */
	private static function submission( $comment ) {
		$post   = get_post( (int) $comment['comment_post_ID'] );
		$email  = (string) $comment['comment_author_email'];
		$parent = empty( $comment['comment_parent'] ) ? '' : get_comment_meta( (int) $comment['comment_parent'], 'moderato_id', true );
		$fields = array(
			'text'       => self::cut( wp_unslash( $comment['comment_content'] ), 20000 ),
			'name'       => self::cut( wp_unslash( $comment['comment_author'] ), 245 ),
			'email'      => is_email( $email ) ? $email : '',
			'url'        => self::cut( (string) $comment['comment_author_url'], 2048 ),
			'ip'         => filter_var( $comment['comment_author_IP'], FILTER_VALIDATE_IP ) ? $comment['comment_author_IP'] : '',
			'user_agent' => self::cut( (string) $comment['comment_agent'], 2048 ),
			'page'       => $post ? self::cut( get_permalink( $post ), 2048 ) : '',
			'page_title' => $post ? self::cut( get_the_title( $post ), 2048 ) : '',
			'referrer'   => self::cut( (string) wp_get_raw_referer(), 2048 ),
			'locale'     => str_replace( '_', '-', get_locale() ),
			'parent_id'  => (string) $parent,
		);
		if ( ! empty( $comment['user_id'] ) ) {
			$user                  = get_userdata( (int) $comment['user_id'] );
			$fields['author_role'] = $user ? implode( ',', $user->roles ) : '';
		}
		return array_filter( $fields, 'strlen' );
	}

	private static function cut( $text, $length ) {
		return mb_substr( str_replace( "\0", '', (string) $text ), 0, $length );
	}

	/** WordPress' status for a decision. */
	private static function status( $decision ) {
		if ( 'approve' === $decision ) {
			return get_option( 'comment_moderation' ) ? 0 : 1;
		}
		return 'reject' === $decision ? 'spam' : 0;
	}

	private static function set_status( $id, $status ) {
		$names              = array( 0 => 'hold', 1 => 'approve', 'spam' => 'spam', 'trash' => 'trash' );
		self::$from_service = true;
		wp_set_comment_status( $id, $names[ $status ] );
		self::$from_service = false;
	}

	private static function keep( $id, $answer ) {
		$reasons = array();
		foreach ( $answer['reasons'] as $reason ) {
			$reasons[] = array( 'code' => $reason['code'], 'score' => $reason['score'], 'detail' => $reason['detail'] );
		}
		update_comment_meta( $id, 'moderato_id', $answer['id'] );
		update_comment_meta( $id, 'moderato_decision', $answer['decision'] );
		update_comment_meta( $id, 'moderato_score', $answer['score'] );
		update_comment_meta( $id, 'moderato_reasons', wp_slash( $reasons ) );
		update_comment_meta( $id, 'moderato_revision', 1 );
	}

	/** Calls the service: its answer, or an error that says why there is none. */
	private static function call( $method, $path, $body, $headers = array() ) {
		$answer = wp_remote_request(
			rtrim( MODERATO_URL, '/' ) . $path,
			array(
				'method'      => $method,
				'timeout'     => defined( 'MODERATO_TIMEOUT' ) ? MODERATO_TIMEOUT : 5,
				'redirection' => 0,
				'headers'     => $headers + array( 'Authorization' => 'Bearer ' . MODERATO_KEY, 'Content-Type' => 'application/json' ),
				'body'        => wp_json_encode( $body ),
			)
		);
		if ( is_wp_error( $answer ) ) {
			return $answer;
		}
		$status = wp_remote_retrieve_response_code( $answer );
		$said   = json_decode( wp_remote_retrieve_body( $answer ), true );
		if ( $status >= 200 && $status < 300 && is_array( $said ) && isset( $said['id'] ) ) {
			return $said;
		}
		$detail = isset( $said['detail'] ) ? $said['detail'] : 'no answer that can be read';
		return new WP_Error( 'moderato_' . $status, $status . ': ' . $detail );
	}
}

Moderato::start();
